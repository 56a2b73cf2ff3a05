"""What the exercises check, one file a lesson: {id: function of the answer, giving its lines}.

The first word of the first line is Right, Not yet or Unclear. Every target is computed, also those
of the slips that are named: each is made, and its result compared.
"""
