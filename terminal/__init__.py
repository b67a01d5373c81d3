"""What the command line prints, and how it reads its arguments."""
