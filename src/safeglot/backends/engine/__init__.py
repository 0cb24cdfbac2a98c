"""The engine: asks models through lanes, collects items, and checks in several processes."""
