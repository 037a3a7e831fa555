using Ringfence.App.Cli;

return await CommandLine.RunAsync(args);
