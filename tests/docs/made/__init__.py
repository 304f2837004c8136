"""What pages hold that is made of the code: one module a subject, functions that give Markdown."""
