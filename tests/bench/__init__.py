"""How fast it is: `python -m tests.bench` (`make bench`). Figures on shared cores are noisy: compare ratios of several runs."""
