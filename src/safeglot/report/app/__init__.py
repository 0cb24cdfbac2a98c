"""The pages of the local app: what they show, and how it is put into their templates."""
