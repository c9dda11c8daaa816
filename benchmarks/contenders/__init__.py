"""What the framework is measured against."""
