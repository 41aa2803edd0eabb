"""What to cite for a result: BibTeX entries, and which of them stand behind which quantity and which method."""
