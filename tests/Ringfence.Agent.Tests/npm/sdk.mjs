// Drives ringfence-agent with the official Agent SDK. argv: executable, scenario. One JSON line per thing that happened; the last says how it ended.
import { query, tool, createSdkMcpServer } from '@anthropic-ai/claude-agent-sdk';
import { z } from 'zod';

const [executable, scenario] = process.argv.slice(2);
const say = (what, value) => console.log(JSON.stringify({ what, value }));
const base = { pathToClaudeCodeExecutable: executable, model: 'simulated-model', cwd: process.cwd(), stderr: text => process.stderr.write(text) };

async function watch(q, each = () => {}) {
  for await (const m of q) {
    if (m.type === 'stream_event') say('stream', m.event.type);
    else if (m.type === 'assistant' || m.type === 'user') say(m.type, m.message.content);
    else if (m.type === 'system' && m.subtype === 'init') say('init', { session: m.session_id, mcp: m.mcp_servers, mode: m.permissionMode, model: m.model });
    else if (m.type === 'result') say('result', { subtype: m.subtype, text: m.result, output: m.structured_output, denials: m.permission_denials, session: m.session_id, reason: m.terminal_reason });
    await each(m);
  }
}

// A conversation whose prompts are sent one after another, the next when `next` is called.
function prompts(first) {
  const waiting = [first];
  let wake = () => {};
  let open = true;
  return {
    next: text => { waiting.push(text); wake(); },
    end: () => { open = false; wake(); },
    async *[Symbol.asyncIterator]() {
      while (open || waiting.length) {
        if (waiting.length) yield { type: 'user', message: { role: 'user', content: waiting.shift() }, parent_tool_use_id: null };
        else await new Promise(r => { wake = r; });
      }
    },
  };
}

const scenarios = {
  async streaming() {
    await watch(query({ prompt: 'go', options: { ...base, includePartialMessages: true } }));
  },

  async permissions() {
    await watch(query({ prompt: 'go', options: { ...base, canUseTool: async (name, input) => {
      say('asked', [name, input]);
      return name === 'Bash' ? { behavior: 'allow', updatedInput: { ...input, command: 'echo changed by the host' } } : { behavior: 'deny', message: 'the host said no' };
    } } }));
  },

  async hooks() {
    const hook = answer => [{ hooks: [async i => { say('hook', [i.hook_event_name, i.tool_name ?? i.prompt ?? null]); return answer; }] }];
    await watch(query({ prompt: 'go', options: { ...base, permissionMode: 'acceptEdits', hooks: {
      PreToolUse: [{ matcher: 'Write', hooks: [async i => { say('hook', [i.hook_event_name, i.tool_name]); return { hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'deny', permissionDecisionReason: 'policy says no' } }; }] }],
      PostToolUse: hook({ hookSpecificOutput: { hookEventName: 'PostToolUse', additionalContext: 'the formatter ran' } }),
      UserPromptSubmit: hook({ hookSpecificOutput: { hookEventName: 'UserPromptSubmit', additionalContext: 'the ticket is 42' } }),
      Stop: hook({}),
    } } }));
  },

  async servers() {
    const add = tool('add', 'adds two numbers', { a: z.number(), b: z.number() }, async ({ a, b }) => ({ content: [{ type: 'text', text: `sum ${a + b}` }] }));
    await watch(query({ prompt: 'go', options: { ...base, mcpServers: { calc: createSdkMcpServer({ name: 'calc', version: '1.0.0', tools: [add] }) }, allowedTools: ['mcp__calc__add'] } }));
  },

  async interrupt() {
    const p = prompts('wait for me');
    const q = query({ prompt: p, options: base });
    let results = 0;
    await watch(q, async m => {
      if (m.type === 'assistant' && results === 0 && m.message.content[0].type === 'tool_use') { await q.interrupt(); say('interrupted', true); }
      if (m.type === 'result') { if (++results === 1) p.next('go on'); else p.end(); }
    });
  },

  async change() {
    const p = prompts('first');
    const q = query({ prompt: p, options: base });
    let results = 0;
    await watch(q, async m => {
      if (m.type === 'result' && ++results === 1) { await q.setModel('simulated-model-two'); await q.setPermissionMode('acceptEdits'); p.next('second'); }
      else if (m.type === 'result') { say('usage', Object.keys(await q.getContextUsage())); p.end(); }
    });
  },

  async resume() {
    let session;
    await watch(query({ prompt: 'choose a word', options: base }), m => { session = m.session_id ?? session; });
    await watch(query({ prompt: 'which was it?', options: { ...base, resume: session } }));
    await watch(query({ prompt: 'and again?', options: { ...base, resume: session, forkSession: true } }));
  },

  async structured() {
    await watch(query({ prompt: 'go', options: { ...base, outputFormat: { type: 'json_schema', schema: { type: 'object', properties: { answer: { type: 'number' } }, required: ['answer'] } } } }));
  },

  async abort() {
    const controller = new AbortController();
    try {
      await watch(query({ prompt: 'go', options: { ...base, abortController: controller } }), m => { if (m.type === 'assistant') controller.abort(); });
    } catch (e) {
      say('aborted', e.name);
    }
  },

  async prompt() {
    await watch(query({ prompt: 'go', options: { ...base, systemPrompt: 'You answer in verse.', agents: { helper: { description: 'helps', prompt: 'You are the helper.' } }, maxTurns: 3, allowedTools: ['Read', 'Bash(git *)'] } }));
  },

  async failure() {
    try { await watch(query({ prompt: 'go', options: { ...base, maxTurns: 1 } })); } catch (e) { say('threw', e.message); }
  },
};

try {
  await scenarios[scenario]();
  say('end', 'ok');
} catch (e) {
  say('end', String(e));
}
