"""Plans that stop early: which prompts each look asks, and when a language or cell has had enough."""
