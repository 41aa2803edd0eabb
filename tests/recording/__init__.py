"""What users see, kept as text, and the script that compares it."""
