"""What stands in the files of articles: read away from the hub, kept beside the articles, found with them."""
