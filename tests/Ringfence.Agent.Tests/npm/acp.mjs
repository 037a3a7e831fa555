// Drives ringfence-agent --acp with the official client library. argv: executable, scenario.
import { spawn } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import * as acp from '@agentclientprotocol/sdk';

const [executable, scenario] = process.argv.slice(2);
const say = (what, value) => console.log(JSON.stringify({ what, value }));
const child = spawn(executable, ['--acp', '--model', 'simulated-model'], { stdio: ['pipe', 'pipe', 'inherit'] });
let session;
const { agent, client } = acp.methods;
const stream = acp.ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout));

const app = acp.client({ name: 'test' })
  .onNotification(client.session.update, async ({ params: { update }, agent: peer }) => {
    say(update.sessionUpdate, update);
    if (scenario === 'cancel' && update.sessionUpdate === 'tool_call') await peer.notify(agent.session.cancel, { sessionId: session });
  })
  .onRequest(client.session.requestPermission, async ({ params: { toolCall, options } }) => {
    say('asked', toolCall);
    return { outcome: { outcome: 'selected', optionId: options.find(o => o.kind === (scenario === 'reject' ? 'reject_once' : 'allow_once')).optionId } };
  });

try {
  await app.connectWith(stream, async peer => {
    const started = await peer.request(agent.initialize, { protocolVersion: acp.PROTOCOL_VERSION, clientCapabilities: {} });
    say('version', started.protocolVersion);
    const made = await peer.request(agent.session.new, { cwd: process.cwd(), mcpServers: [] });
    session = made.sessionId;
    say('modes', made.modes.availableModes.map(m => m.id));
    const ended = await peer.request(agent.session.prompt, { sessionId: session, prompt: [{ type: 'text', text: 'go' }] });
    say('stopped', ended.stopReason);
    if (scenario === 'load') {
      await peer.request(agent.session.load, { sessionId: session, cwd: process.cwd(), mcpServers: [] });
      say('loaded', true);
    }
  });
  say('end', 'ok');
} catch (e) {
  say('end', e.message ?? String(e));
}
child.stdin.end();
await new Promise(r => child.on('exit', r));
say('exit', child.exitCode);
