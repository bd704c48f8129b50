"""What tests share: an oracle, compiled functions, golden cases, data files."""
