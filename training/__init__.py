"""What runs inside jobs and behind the endpoint; the only package that imports torch and transformers."""
