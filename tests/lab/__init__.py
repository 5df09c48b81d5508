"""The lab: `lab` is the command, `twin` its parts, and the tests here need it running."""
