"""The seams on boto3 and on files."""
