"""What `digs score` writes: scores as JSON, a figure, and one page."""
