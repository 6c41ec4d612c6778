"""Training of the slim network: a narrow student that finds the matches its teacher finds."""
