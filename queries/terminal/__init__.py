"""What the command line prints of queries, and how it reads their arguments; nothing else imports it."""
