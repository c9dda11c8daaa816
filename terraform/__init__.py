"""The modules of Terraform, and what holds them against the schemas of their providers."""
