// npm @symblai/api-client, the generated client of the REST interfaces: reads a conversation that is over.
"use strict";
const api = require("@symblai/api-client");
const { settings, run } = require("./speech.cjs");
const { url, appId, appSecret } = settings;
const conversationId = process.env.CONVERSATION_ID;

// The client answers by callback; a refusal becomes the status and the message it came with.
const call = (target, method, ...given) =>
  new Promise((resolve, reject) => {
    target[method](...given, (error, data, response) => {
      if (error) reject({ status: error.status, body: error.response && error.response.body });
      else resolve({ data, body: response.body });
    });
  });

run(async () => {
  // Point it at the engine:
  const client = new api.ApiClient();
  client.basePath = url;
  // As ever from here.

  const grant = api.Grant.constructFromObject({ type: "application", appId, appSecret });
  const token = await call(new api.AuthenticationApi(client), "generateToken", grant);
  client.authentications.jwt.apiKey = token.data.accessToken;

  const conversations = new api.ConversationsApi(client);
  const record = { expiresIn: token.data.expiresIn };
  record.conversation = (await call(conversations, "getConversationById", conversationId)).data;
  record.members = (await call(conversations, "getMembersByConversationId", conversationId)).data.members;
  record.messages = (await call(conversations, "getMessagesByConversationId", conversationId)).data.messages;
  record.questions = (await call(conversations, "getQuestionsByConversationId", conversationId)).data.questions;
  record.actionItems = (await call(conversations, "getActionItemsByConversationId", conversationId)).data.actionItems;
  record.followUps = (await call(conversations, "getFollowUpsByConversationId", conversationId)).data.followUps;
  record.topics = (await call(conversations, "getTopicsByConversationId", conversationId)).data.topics;
  record.insights = (await call(conversations, "getInsightsByConversationId", conversationId)).data.insights;
  record.unknown = await call(conversations, "getConversationById", "1234567890123456").catch((refusal) => refusal);
  const wrong = api.Grant.constructFromObject({ type: "application", appId, appSecret: "wrong" });
  record.refused = await call(new api.AuthenticationApi(client), "generateToken", wrong).catch((refusal) => refusal);
  return record;
});
