using Ringfence.App.Cli;
using Ringfence.Processes;

CoreFile.LeaveOutMemory();
return AgentHandover.IsMeant(args) ? AgentHandover.Become(args) : await CommandLine.RunAsync(args);
