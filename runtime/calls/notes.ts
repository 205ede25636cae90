/** The answers in one line, for the person whose calendar it is. */
export const notesOf = (answers: Record<string, string>): string =>
  Object.entries(answers)
    .map(([slot, answer]) => `${slot}: ${answer}`)
    .join(', ')
