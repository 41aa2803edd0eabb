"""What is asked: the task, the deformation, the noise."""
