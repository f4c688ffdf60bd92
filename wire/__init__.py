"""The words both sides speak: Symbl.ai's Streaming and Conversation API as types, one module a message domain.

No behaviour lives here. Shapes are tolerant in what they read (unknown members are kept or ignored, optional ones may be
missing or null) and exact in what they write: `Shape.wire()` leaves out what is absent and spells names in camelCase.
"""
