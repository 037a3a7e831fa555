// Drives ringfence-agent with the official Agent SDK. argv: executable, scenario. One JSON line per thing that happened; the last says how it ended.
import { query, tool, createSdkMcpServer } from '@anthropic-ai/claude-agent-sdk';
import { execSync } from 'node:child_process';
import fs from 'node:fs';
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

  async rewind() {
    const p = prompts('change the files');
    const q = query({ prompt: p, options: { ...base, permissionMode: 'acceptEdits', allowedTools: ['Bash'], enableFileCheckpointing: true, extraArgs: { 'replay-user-messages': null } } });
    const asked = [];
    let results = 0;
    await watch(q, async m => {
      if (m.type === 'user' && m.isReplay) asked.push(m.uuid);
      if (m.type !== 'result') return;
      if (++results === 1) { p.next('and again'); return; }
      say('listing', execSync('ls -l --time-style=+ script.sh crlf.txt gone.txt new.txt 2>/dev/null | cut -c1-10; cat second.txt').toString());
      say('preview', await q.rewindFiles(asked[0], { dryRun: true }));
      say('second', await q.rewindFiles(asked[1]));
      say('text', fs.readFileSync('crlf.txt').toString('base64'));
      say('rewound', await q.rewindFiles(asked[0]));
      await q.rewindFiles('00000000-0000-4000-8000-000000000000').catch(e => say('refused', e.message));
      p.end();
    });
  },

  async control() {
    const p = prompts('first');
    const q = query({ prompt: p, options: { ...base, allowedTools: ['Bash'] } });
    const tasks = [];
    let results = 0;
    await watch(q, async m => {
      if (m.type === 'system' && m.subtype === 'task_notification') { tasks.push(m.status); }
      if (m.type !== 'result') return;
      if (++results === 1) {
        say('commands', (await q.supportedCommands()).map(c => c.name));
        say('models', (await q.supportedModels()).map(c => c.value));
        say('agents', (await q.supportedAgents()).map(c => c.name));
        say('account', Object.keys(await q.accountInfo()));
        say('file', (await q.readFile('notes.txt')).contents);
        say('missing', await q.readFile('none.txt').catch(e => e.message));
        await q.seedReadState('notes.txt', Math.floor(fs.statSync('notes.txt').mtimeMs));
        await q.setMaxThinkingTokens(2000);
        await q.applyFlagSettings({ permissions: { allow: ['Edit'], deny: ['Bash(whoami *)', 'Bash(whoami)'] } });
        say('usage', Object.keys((await q.usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET()).session));
        say('plugins', (await q.reloadPlugins()).plugins);
        say('skills', (await q.reloadSkills()).skills);
        say('styles', (await q.reloadOutputStyles()).available_output_styles);
        say('unknown', await q.setMcpPermissionModeOverride('x', 'auto').then(() => 'done', e => e.message));
        p.next('second');
      } else p.end();
    });
  },

  async tasks() {
    const p = prompts('run it');
    const q = query({ prompt: p, options: { ...base, allowedTools: ['Bash'] } });
    let results = 0;
    let moved;
    await watch(q, async m => {
      // The command is known to have begun when it has written; then it can be moved.
      if (m.type === 'assistant' && m.message.content[0].type === 'tool_use' && !moved) {
        moved = (async () => { while (!fs.existsSync('begun')) await new Promise(r => setTimeout(r, 10)); say('moved', await q.backgroundTasks(m.message.content[0].id)); })();
      }
      if (m.type === 'system' && m.subtype === 'task_started') say('started', m.task_id);
      if (m.type === 'system' && m.subtype === 'task_notification') { say('ended', m.status); p.end(); }
      if (m.type === 'result' && ++results === 1) { await moved; await q.stopTask('bash_1'); }
    });
  },

  async background() {
    const agents = { helper: { description: 'helps', prompt: 'You are the helper.', tools: ['Bash'] } };
    const q = query({ prompt: 'look', options: { ...base, agents, allowedTools: ['Bash', 'Task'] } });
    let moved;
    await watch(q, async m => {
      if (m.type === 'assistant' && m.message.content[0].name === 'Task') {
        moved = (async () => { while (!fs.existsSync('begun')) await new Promise(r => setTimeout(r, 10)); say('moved', await q.backgroundTasks(m.message.content[0].id)); })();
      }
      if (m.type === 'assistant' && m.message.content[0].text === 'meanwhile') fs.writeFileSync('go', '');
      if (m.type === 'system' && m.subtype === 'task_notification') say('ended', m.status);
      if (m.type === 'result') await moved;
    });
  },

  async connect() {
    const p = prompts('first');
    const tools = name => createSdkMcpServer({ name, version: '2.0.0', tools: [tool('speak', 'says a word', {}, async () => ({ content: [{ type: 'text', text: name }] }))] });
    const everything = { command: process.execPath, args: [new URL('./node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url).pathname, 'stdio'] };
    const q = query({ prompt: p, options: { ...base, allowedTools: ['mcp__own', 'mcp__own__speak'], mcpServersDelivery: 'initialize', mcpServers: { given: everything } } });
    const states = async () => (await q.mcpServerStatus()).map(s => [s.name, s.status, s.tools?.length > 0]);
    let results = 0;
    await watch(q, async m => {
      if (m.type !== 'result') return;
      if (++results > 1) { p.end(); return; }
      say('set', await q.setMcpServers({ own: tools('own'), broken: { command: '/no/such/program' } }));
      say('status', await states());
      await q.toggleMcpServer('given', false);
      say('status', await states());
      await q.toggleMcpServer('given', true);
      await q.reconnectMcpServer('given');
      say('status', await states());
      say('refused', await q.reconnectMcpServer('nobody').then(() => '', e => e.message));
      say('set', await q.setMcpServers({ own: tools('own') }));
      p.next('second');
    });
  },

  async elicit() {
    const everything = { command: process.execPath, args: [new URL('./node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url).pathname, 'stdio'] };
    await watch(query({ prompt: 'go', options: { ...base, allowedTools: ['mcp__all'], mcpServers: { all: everything }, onElicitation: async r => {
      say('elicited', [r.serverName, typeof r.requestedSchema]);
      return { action: 'accept', content: { name: 'Heron' } };
    } } }));
  },

  async helpers() {
    const seen = [];
    await watch(query({ prompt: 'go', options: { ...base, agents: { helper: { description: 'helps', prompt: 'You are the helper.' } }, hooks: {
      SubagentStart: [{ hooks: [async i => { say('hook', [i.hook_event_name, i.agent_type]); return {}; }] }],
      SubagentStop: [{ hooks: [async i => { say('hook', [i.hook_event_name, fs.existsSync(i.agent_transcript_path)]); return {}; }] }],
    } } }), m => { if (m.parent_tool_use_id) seen.push([m.type, m.parent_tool_use_id]); if (m.type === 'result') say('cost', [m.usage.input_tokens, m.modelUsage['simulated-model'].inputTokens]); });
    say('seen', seen);
  },

  async mirror() {
    const lines = [];
    const store = { append: async (key, entries) => { lines.push(...entries.map(e => e.type)); }, load: async () => null };
    await watch(query({ prompt: 'go', options: { ...base, sessionStore: store } }));
    say('mirrored', lines);
  },

  async withdraw() {
    const p = prompts('wait');
    const q = query({ prompt: p, options: { ...base, allowedTools: ['Bash'], hooks: { PreToolUse: [{ onFailure: 'block', hooks: [async () => { throw new Error('the hook broke'); }] }] } } });
    await watch(q, m => { if (m.type === 'result') p.end(); });
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
