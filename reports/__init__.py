"""Documents made from metrics: PDF, XLSX and CSV."""
