"""Synthetic data for the benchmarks and the sample pipelines."""
