"""From kernel files to kernels, for each SM."""
