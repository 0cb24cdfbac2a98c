"""Files and folders that people and runs read and write, but for the database."""
