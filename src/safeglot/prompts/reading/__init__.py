"""From files of prompts, translations and arms to records."""
