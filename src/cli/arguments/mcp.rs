//! The arguments of the command that serves one program over a pipe.

use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "A client starts this command itself, and is told so in its configuration:
  claude mcp add longmem -- longmem mcp
  {\"mcpServers\": {\"longmem\": {\"command\": \"longmem\", \"args\": [\"mcp\"]}}}

It ends when the client does. Standard output holds the protocol and nothing else.")]
pub(crate) struct McpArguments {
    /// Leave out the tools that add, change and delete
    #[arg(long)]
    pub(crate) read_only: bool,
}
