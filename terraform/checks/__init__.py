"""Every name in the modules, held against the schemas of the providers; and faults planted to see that it is."""
