"""The kit for tests of our plugins and other people's: contract suites, fixtures, a virtual clock."""
