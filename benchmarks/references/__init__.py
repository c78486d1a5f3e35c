"""Other ways to do the same work, each as somebody would write it who had only that to do."""
