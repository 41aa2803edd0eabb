"""The derivations as one document: run the scripts, render their prose, build the PDF."""
