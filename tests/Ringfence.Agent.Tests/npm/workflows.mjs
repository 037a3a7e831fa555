// Reads workflow files as GitHub does, with its own parser. argv: files. One line per mistake; nothing when there is none.
import { register } from 'node:module';
import { readFileSync } from 'node:fs';

// The parser imports its grammar as a bundler would have it.
register('data:text/javascript,' + encodeURIComponent(`
  import { readFileSync } from 'node:fs';
  export const load = (url, context, next) => url.endsWith('.json')
    ? { format: 'module', source: 'export default ' + readFileSync(new URL(url), 'utf8'), shortCircuit: true } : next(url, context);
`), import.meta.url);
const { parseWorkflow, convertWorkflowTemplate, NoOperationTraceWriter } = await import('@actions/workflow-parser');

for (const file of process.argv.slice(2)) {
  const read = parseWorkflow({ name: file, content: readFileSync(file, 'utf8') }, new NoOperationTraceWriter());
  const workflow = read.value ? await convertWorkflowTemplate(read.context, read.value) : { errors: [] };
  const mistakes = [...read.context.errors.getErrors().map(error => error.message), ...(workflow.errors ?? []).map(error => error.Message)];
  new Set(mistakes).forEach(mistake => console.log(mistake));
}
