// The numbered steps, and the error of each.

export const STEPS = [
  { number: 1, name: "form", code: "wrong_form" },
  { number: 2, name: "header", code: "wrong_header" },
  { number: 3, name: "account", code: "wrong_account" },
  { number: 4, name: "ledger head", code: "wrong_ledger_head" },
  { number: 5, name: "word", code: "wrong_word" },
  { number: 6, name: "head", code: "wrong_head" },
  { number: 7, name: "birth", code: "wrong_birth" },
  { number: 8, name: "history", code: "wrong_history" },
  { number: 9, name: "state", code: "wrong_state" },
  { number: 10, name: "parties", code: "wrong_parties" },
  { number: 11, name: "holdings", code: "wrong_holdings" },
  { number: 12, name: "tree", code: "wrong_tree" },
  { number: 13, name: "documents", code: "wrong_documents" },
  { number: 14, name: "rest", code: "wrong_rest" },
];

/** What does not hold, with what was expected and what was found where two values differ. */
export class Fault extends Error {
  constructor(reason, expected = null, found = null) {
    super(reason);
    this.expected = expected;
    this.found = found;
  }
}

/** No checkpoint that is trusted vouches for the block; `cause` is why, as a code. */
export class NotVouched extends Fault {
  code = "not_witnessed";

  constructor(cause, reason, expected, found) {
    super(reason, expected, found);
    this.cause = cause;
  }
}

/** Do what fails for this cause, if it fails without one; `where` is said before the reason. */
export function blaming(cause, act, where = "") {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Fault) || error instanceof NotVouched) throw error;
    const reason = where ? `${where}: ${error.message}` : error.message;
    throw new NotVouched(cause, reason, error.expected, error.found);
  }
}

/** A step that failed: its number, name and code, and of which subject if it is walked for each. */
export class StepFailed extends Error {
  constructor(number, fault, subject) {
    const step = STEPS[number - 1];
    super(`step ${number}, ${step.name}: ${fault.message}`);
    Object.assign(this, step);
    this.step = step.name;
    this.code = fault.code ?? step.code;
    this.cause = fault.cause ?? null;
    this.reason = fault.message;
    this.expected = fault.expected;
    this.found = fault.found;
    this.subject = subject;
  }
}

/** Take a step: a fault in it becomes the step's own error. */
export function take(number, act, subject = null) {
  try {
    return act();
  } catch (error) {
    throw error instanceof Fault ? new StepFailed(number, error, subject) : error;
  }
}

/** Raise a fault unless both are the same. */
export function compare(what, expected, found) {
  if (expected !== found) throw new Fault(`${what} is another`, expected, found);
}
