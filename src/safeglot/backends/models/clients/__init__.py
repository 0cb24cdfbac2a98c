"""What speaks HTTP to servers: one module a library, whose errors are translated there."""
