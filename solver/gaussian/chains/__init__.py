"""Transfer operators over chains of noises."""
