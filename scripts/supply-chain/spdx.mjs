/** Expressions of licences, as SPDX has them. */
import parse from 'spdx-expression-parse';

/**
 * Whether it can be had under licences that are allowed.
 *
 * @param {string} expression
 * @param {ReadonlySet<string>} allowed
 * @returns {boolean}
 */
export function satisfies(expression, allowed) {
  /** @param {any} node @returns {boolean} */
  const holds = ({ conjunction, left, right, license, exception }) => {
    if (conjunction === 'or') return holds(left) || holds(right);
    if (conjunction === 'and') return holds(left) && holds(right);
    return allowed.has(exception ? `${license} WITH ${exception}` : license);
  };
  return holds(parse(normalized(expression)));
}

/** Before SPDX, cargo had a slash for a choice. @param {string} expression */
export function normalized(expression) {
  return expression.replace(/\s*\/\s*/g, ' OR ');
}
