import type { Terminal } from '../../cli/terminal.js';
export async function produceTool(_args: readonly string[], _terminal: Terminal): Promise<number> {
  return 0;
}
