"""Everything that a person sees; the only part of Rill that knows Textual."""
