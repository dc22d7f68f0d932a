"""The strategies of guidance (GSI §5, Appendix D, and one of our own), one module each."""
