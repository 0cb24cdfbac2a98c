"""What is known of text and language: tags, similarity, loops, quoting."""
