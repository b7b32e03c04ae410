"""Transfer learning for small manufacturing datasets: the library behind the scripts.

The modules know nothing of Snakemake, of paths or of ``config.yaml``: everything
they need arrives as arguments.
"""
