import type { Terminal } from '../../cli/terminal.js';
export async function viewTool(_args: readonly string[], _terminal: Terminal): Promise<number> {
  return 0;
}
