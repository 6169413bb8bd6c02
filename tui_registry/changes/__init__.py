"""What can be changed in a registry, each as a Write: checked before, found out after a lost answer, taken back if that
can be done truly."""
