using Ringfence.App.Cli;

return AgentHandover.IsMeant(args) ? AgentHandover.Become(args) : await CommandLine.RunAsync(args);
