/** What has brackets that mean nothing, and brackets. */
const TOKEN =
  /\/\/[^\r\n]*|[rR][bB]?(?:""".*?"""|'''.*?'''|"[^"\n]*"|'[^'\n]*')|"""(?:\\.|[^\\])*?"""|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[()[\]{}]/gs;

/** Where brackets first nest deeper than `depthMax`, as an index of the expression; undefined if they nowhere do. */
export function bracketTooDeep(expression: string, depthMax: number): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of expression.matchAll(TOKEN)) {
    if ('([{'.includes(token)) depth += 1;
    else if (')]}'.includes(token)) depth -= 1;
    if (depth > depthMax) return index;
  }
  return undefined;
}
