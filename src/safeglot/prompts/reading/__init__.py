"""Tables and files of prompts, translations and arms into records."""
