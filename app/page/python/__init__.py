"""The view "Python": an editor for programs that talk to the loaded model."""
