"""A run in the forms of others: tables of a paper, results as Every Eval Ever, a data card."""
