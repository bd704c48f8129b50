"""Code that tests share: oracles, compiled functions, golden cases, data files."""
